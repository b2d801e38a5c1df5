"""What must survive: log, checkpoints, the journal of incidents and actions, secrets at rest."""
