//! The loopback bulk server.
