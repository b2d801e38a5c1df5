"""What a Yeastar P-Series writes: frames, call records, notices."""
