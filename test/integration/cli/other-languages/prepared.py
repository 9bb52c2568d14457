# Repeats one statement on psycopg 3, which prepares it by name at the sixth time.
import os

import psycopg

with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    for number in range(8):
        answer = connection.execute("SELECT %s::int", (number,)).fetchone()
        connection.commit()
    print("last:", answer[0])
