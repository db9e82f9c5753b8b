-- How many calls a marketplace was asked in the day that ended with a reconciliation: the figure by which reading events
-- instead of listings is judged.
-- Locks: reconciliations exclusively for a moment (a column without a rewrite). Rollout: any time before the workers.

ALTER TABLE reconciliations ADD COLUMN day_calls int;
