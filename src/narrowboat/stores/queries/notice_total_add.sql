-- More notices of a channel were sent, or given up.
insert into narrowboat.notice_totals as totals (channel, state, notices) values (:channel, :state, :notices)
on conflict (channel, state) do update set notices = totals.notices + excluded.notices
