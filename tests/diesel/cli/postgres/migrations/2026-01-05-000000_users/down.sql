DROP TABLE users;
DROP DOMAIN user_note;
DROP DOMAIN user_email;
