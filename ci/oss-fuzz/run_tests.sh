#!/bin/bash -eu
# The ordinary tests, for a service that wants to know whether a change breaks them.
cd "$SRC/kyufuzz"
ci/test --quick
