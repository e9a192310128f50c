"""The networks that the paper is measured against, built from their papers' descriptions."""
