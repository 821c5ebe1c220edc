-- An e-mail is 22 bytes longer than its text, the others 34. The database sees neither, and whether an e-mail is taken.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY NOT NULL,
    email BLOB NOT NULL UNIQUE,
    name BLOB NOT NULL,
    bio BLOB,
    password BLOB NOT NULL
);
