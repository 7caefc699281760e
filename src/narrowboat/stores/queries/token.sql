-- A token and whose it is.
select users.*, tokens.*
from narrowboat.tokens as tokens
join narrowboat.users as users on users.user_id = tokens.user_id
where tokens.token_id = :token
