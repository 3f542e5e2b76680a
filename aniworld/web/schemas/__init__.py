"""What comes in and what goes out, as marshmallow schemas. Unknown fields of a request are refused."""
