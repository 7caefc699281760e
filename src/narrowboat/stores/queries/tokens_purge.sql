-- Tokens that expired so long ago that nobody asks why they are refused.
delete from narrowboat.tokens where expires_at <= :now - :keep
