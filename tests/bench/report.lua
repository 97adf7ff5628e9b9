-- One line for run.sh: requests, p50 and p99 in microseconds, requests per second, errors.
function done(summary, latency, _)
	local e = summary.errors
	io.write(string.format("BENCH %d %d %d %.0f %d\n", summary.requests, latency:percentile(50), latency:percentile(99),
		summary.requests / (summary.duration / 1e6), e.connect + e.read + e.write + e.status + e.timeout))
end
