"""The coaching log of the ICF."""
