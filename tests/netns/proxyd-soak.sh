#!/bin/bash
# One minute of the soak (make soak): a mixed load while servers fail and return, weights change and
# reloads come loses no request, no memory and no descriptor.
exec tests/soak/soak.sh 1
