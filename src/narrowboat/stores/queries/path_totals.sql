-- All requests that ever took a path.
select job, path, requests, failures, seconds from narrowboat.paths order by job, path
