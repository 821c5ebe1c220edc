CREATE DOMAIN user_email AS bytea;
CREATE DOMAIN user_note AS bytea;

CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    email user_email NOT NULL UNIQUE,
    note user_note
);
