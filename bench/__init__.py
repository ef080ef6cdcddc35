"""The benchmarks: what the receiver, the workers and the streams take, beside what they are compared with.

Run by `make bench`, on throw-away servers; docs/bench.md says what each row is.
"""
