"""The engine: as few sessions move as can be, and those as little as can be."""
