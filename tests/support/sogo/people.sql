CREATE TABLE people (
  c_uid varchar(64) PRIMARY KEY, c_name varchar(64), c_password varchar(128), c_cn varchar(128), mail varchar(128)
);
INSERT INTO people
  SELECT 'user' || n, 'user' || n, 'secret-' || n, 'Person ' || n, 'user' || n || '@$domain'
  FROM generate_series(1, $people) AS n;
