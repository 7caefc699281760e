-- More requests that took a path.
insert into narrowboat.paths as paths (job, path, requests, failures, seconds)
values (:job, :path, :requests, :failures, :seconds)
on conflict (job, path) do update
set requests = paths.requests + excluded.requests,
    failures = paths.failures + excluded.failures,
    seconds = paths.seconds + excluded.seconds
