"""The runtime for fleets: the log in Kafka, the same worker in many processes."""
