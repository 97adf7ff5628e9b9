-- POST 1 MiB in each request; the line of report.lua at the end.
wrk.method = "POST"
wrk.body = string.rep("x", 1048576)
dofile(os.getenv("BENCH_DIR") .. "/report.lua")
