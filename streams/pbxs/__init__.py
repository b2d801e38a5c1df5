"""The PBXs in our hands, whatever their make."""
