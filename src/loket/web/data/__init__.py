"""Files and statements for everybody: the figures as data, as text for the press, and what people think of the service."""
