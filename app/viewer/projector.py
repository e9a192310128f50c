"""What the window does by itself: it takes the newest result to the views, and says what state the run is in."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from app.cameras.base import nothing_between
from app.cameras.player import PAUSE_S
from app.latency import FrameLog, LiveFigures
from app.live import Live
from app.slot import SlotClosedError
from app.viewer import states
from app.viewer.bar import Bar
from app.viewer.states import State
from app.viewer.timeline import LatencyTimeline
from app.viewer.views import Views
from app.worker import AGE_LIMIT_S
from lighthand.types import Result

SHARE: Final = 0.9
"""Of the time, at most, in which the window draws: the tracker wants the rest of a weak machine."""

_MOST_S: Final = 0.1  # that one drawing counts for
_NEWEST: Final = 0.2  # weight of the newest drawing in the mean of what they cost


class Projector:
    """Shows the results of what runs; ``poll`` is called often.

    Attributes:
        error: what ended the source, if an error did.
        last: the newest result that was shown.
        held: the user holds the picture of a live source.
        ended: nothing more will come from the source.
    """

    def __init__(self, live: Live, log: FrameLog, views: Views, bar: Bar, timeline: LatencyTimeline) -> None:
        """Begin with nothing shown.

        Args:
            live: what runs.
            log: is told when each frame's picture was painted, and knows the drops.
            views: show the results.
            bar: says the state and the figures.
            timeline: shows what each painted result took.
        """
        self._live = live
        self._log = log
        self._views = views
        self._bar = bar
        self._timeline = timeline
        self._cost_s = self._rest_until_s = 0.0
        views.painted.connect(self._note_painted)
        self.begin()

    def begin(self) -> None:
        """Know nothing of the source."""
        self.error: BaseException | None = None
        self.last: Result | None = None
        self._doubt = ""  # what speaks against the unit of its depth
        self.held = self.ended = False
        self._state: State | None = None
        self._figures = LiveFigures()
        self._number = 0
        self._unpainted: Result | None = None
        self._shown_s = 0.0
        self._hand_s = time.perf_counter()  # when a hand was last seen
        self._pace = states.Pace()

    @property
    def paused(self) -> bool:
        """Whether the user holds a recording where it is, or a live picture as it is."""
        player = self._live.player
        return player.paused if player else self.held

    def toggle_hold(self) -> None:
        """Hold the picture of a live source, or go on with it."""
        if self.last and not self.ended:
            self.held = not self.held

    def fail(self, error: BaseException) -> None:
        """Note an error of the program's own."""
        self.error = self.error or error

    def resting(self, now_s: float) -> bool:
        """Tell whether the tracker is due a share of the time."""
        return now_s < self._rest_until_s

    def poll(self, now_s: float) -> None:
        """Look for a newer result and show it; say so when nothing comes."""
        if not self.ended:
            try:
                taken = self._live.results.take(self._number, 0)
            except SlotClosedError as closed:
                self.end(closed.__cause__)
            else:
                self._number = taken.number if taken else self._number
                if self.held:
                    trouble = self._live.trouble
                    self._say(states.lost(trouble) if trouble else states.paused(live=True))
                elif taken:
                    self._show(taken.value, now_s)
                else:
                    self._wait(now_s)
        self._views.tick(now_s)

    def write_figures(self, now_s: float) -> None:
        """Renew the figures in the bar."""
        if not self.ended:
            self._bar.write(self._figures, self._log, now_s)
            self._pace.note(now_s, self._log.skipped, self._log.total)

    def end(self, error: BaseException | None) -> None:
        """Say that nothing more will come."""
        self.write_figures(time.perf_counter())
        self.ended, self.held = True, False
        self.error = error
        self._live.recorder.end()
        if error is not None:
            self._views.drop_hands()
            self._say(states.failed(error))
            return
        last = self.last  # the last pose stays to be looked at
        self._say(states.ended(last.frame.seq if last else None, self._doubt))

    def _show(self, result: Result, now_s: float) -> None:
        """Put a new result on the screen; one that is too old to be live without its hands."""
        age_s = now_s - result.stamps.arrival_s
        if stale := age_s > AGE_LIMIT_S and self._live.config.camera.pace != "lockstep":
            result = replace(result, hands=())
        if result.hands:
            self._hand_s = now_s
        self.last = self._unpainted = result
        segment = self._live.config.segment
        self._doubt = "" if result.hands else nothing_between(result.frame, segment.near_mm, segment.far_mm)
        self._shown_s = now_s
        self._rest_until_s = now_s + self._cost_s / SHARE
        self._views.show_result(result, now_s)
        if stale:
            self._views.drop_hands()
            self._say(states.late(age_s))
        elif self.paused:
            self._say(states.paused(live=False))
        elif result.hands:
            self._say(states.following(result.hands, self._pace.slowness))
        else:
            self._say(states.no_hand(self._doubt, segment, self._pace.slowness, seconds=now_s - self._hand_s))

    def _wait(self, now_s: float) -> None:
        """Say why nothing new is there, if it is late."""
        live, trouble = self._live, self._live.trouble
        if live.info is None:
            self._say(states.no_camera(trouble) if trouble else states.starting(live.config.camera.kind))
        elif trouble:
            self._views.drop_hands()
            self._say(states.lost(trouble))
        elif self.last is None:
            self._say(states.loading() if live.loading else states.waiting(live.info))
        elif self.paused:
            self._shown_s = now_s
            at_end = live.player is not None and live.player.at_end
            self._say(states.over(self._doubt) if at_end else states.paused(live=False))
        elif now_s - self._shown_s > self._stale_s:
            self._views.drop_hands()
            self._say(states.silent(now_s - self._shown_s))

    @property
    def _stale_s(self) -> float:
        """How long no result may come."""
        info, player = self._live.info, self._live.player
        between_s = 3 / info.fps if info else 0.0
        return max(AGE_LIMIT_S, max(between_s, 2 * PAUSE_S) / player.speed if player else between_s)

    def _say(self, state: State) -> None:
        """Show a state, if it is another."""
        if state == self._state:
            return
        self._state = state
        self._bar.say(state)
        self._views.banner.say(state.title, state.detail, low=self.last is not None)
        self._views.hint.say(state.hint)

    def _note_painted(self) -> None:
        """Stamp the newest result, once, when it stands on the screen."""
        if self._unpainted is None:
            return
        result, self._unpainted = self._unpainted, None
        drawn_s = time.perf_counter()
        self._cost_s += _NEWEST * (min(drawn_s - self._shown_s, _MOST_S) - self._cost_s)
        self._log.drawn(result.frame.seq, drawn_s)
        self._figures.drawn(result.stamps, drawn_s, poses=self._log.poses, total=self._log.total)
        self._timeline.add(replace(result.stamps, drawn_s=drawn_s))
