"""The beginning of the log in Kafka: from sources to the brokers, over the disk if need be."""
