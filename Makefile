# Two commands: `make demo` runs it, `make test` tests it. Both install what they need.
#
#   make demo              a real OpenSearch, a writer of logs, and the agent between the two
#   make demo STORE=file   the same without Java: bulk bodies go to files
#   make demo KEEP=yes     leaves everything running until Ctrl-C
#   make test              format, lints, documentation, all tests
#   make test-arm          unit and property tests as a 64-bit ARM machine runs them, emulated
#   make fuzz              inputs that grow towards new code, against what is plain and slow; 20 s for each target
#   make bench             speed and memory, on 1 GB of each kind of log; then rest, delay, start: 20 minutes in all
#   make profile           where the CPU time goes on each path, by perf
#   make bench-gate        counts of instructions, syscalls and bytes against their record; RECORD=yes writes it anew
#   make proof             the long tests in full; finished pieces are not run again
#
# LINE=3 chooses OpenSearch 3.4.0 in place of 2.19.1.

export STORE ?= opensearch
export LINE ?= 2
export KEEP ?= no

.PHONY: demo test test-arm fuzz bench profile bench-gate redact-eval proof clean

demo:
	@bash packaging/demo/demo.sh

test:
	@bash tests/run.sh

test-arm:
	@bash tests/arm/run.sh

fuzz:
	@bash tests/fuzz/run.sh

bench:
	@bash benches/bench.sh

profile:
	@bash benches/profile.sh

bench-gate:
	@bash benches/gate/gate.sh

redact-eval:
	@bash -c ". packaging/setup/setup.sh && need_rust && cargo run --quiet --locked --profile fast -p vigie-benches --example vigie-redact-eval"

proof:
	@bash tests/proof/proof.sh

clean:
	@bash -c ". packaging/setup/setup.sh && need_rust && cargo clean"
