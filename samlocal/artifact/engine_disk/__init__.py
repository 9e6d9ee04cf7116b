"""How what lies on this machine's disk comes into containers of an engine that may have another one."""
