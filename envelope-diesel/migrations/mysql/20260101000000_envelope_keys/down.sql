DROP TABLE envelope_keys;
