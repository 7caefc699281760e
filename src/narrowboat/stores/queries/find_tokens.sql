-- Tokens, newest first. A condition whose parameter is missing is left out.
select * from narrowboat.tokens
where true
  and user_id = :user
order by token_created_at desc, token_id
