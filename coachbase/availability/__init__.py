"""When a coach works: weekly hours as wall time, exceptions, holidays, travel, and the terms of booking."""
