CREATE TABLE "User" (
  id serial PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text
);
CREATE TABLE "Profile" (
  id serial PRIMARY KEY,
  bio text NOT NULL,
  "userId" integer NOT NULL UNIQUE REFERENCES "User" (id) ON UPDATE CASCADE
);
CREATE TABLE "Post" (
  id serial PRIMARY KEY,
  title text NOT NULL,
  published boolean NOT NULL DEFAULT false,
  "createdAt" timestamp(3) NOT NULL DEFAULT current_timestamp,
  "authorId" integer NOT NULL REFERENCES "User" (id) ON UPDATE CASCADE
);
CREATE TABLE "Tag" (
  id serial PRIMARY KEY,
  name text NOT NULL UNIQUE
);
CREATE TABLE "_PostToTag" (
  "A" integer NOT NULL REFERENCES "Post" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  "B" integer NOT NULL REFERENCES "Tag" (id) ON DELETE CASCADE ON UPDATE CASCADE,
  PRIMARY KEY ("A", "B")
);
CREATE INDEX ON "_PostToTag" ("B");
