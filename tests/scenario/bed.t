#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Hosts that fail while mail flows: the quick scenarios of the test bed. All of
# them: sh tests/bed/run.sh
TOP=$(cd "$(dirname "$0")/../.." && pwd)
MESSAGES=100 exec sh "$TOP/tests/bed/run.sh" \
	kill unreachable slow backup dns
