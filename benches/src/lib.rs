//! Corpus generator, loopback bulk sink and benchmarks.
