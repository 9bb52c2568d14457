CREATE TABLE "authors" ("id" serial PRIMARY KEY, "name" text);
--> statement-breakpoint
CREATE TABLE "books" ("id" serial PRIMARY KEY, "title" text, "author_id" integer REFERENCES "authors" ("id"));
