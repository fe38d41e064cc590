-- A code that came back is found by what its address is marked with.

CREATE INDEX mail_code_message ON mail_code (tenant_id, id);
