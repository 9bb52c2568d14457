# A small application on psycopg: orders of two tenants. It sets the tenant of each request for the session.
import os
import sys

import psycopg2

connection = psycopg2.connect(os.environ["DATABASE_URL"])
cursor = connection.cursor()
cursor.execute("CREATE TABLE IF NOT EXISTS orders (tenant text, item text)")
connection.commit()

local = sys.argv[1] == "local"
for tenant in ("acme", "other"):
    cursor.execute("SELECT set_config('app.tenant', %s, %s)", (tenant, local))
    cursor.execute("INSERT INTO orders VALUES (current_setting('app.tenant'), 'book')")
    connection.commit()

cursor.execute("SELECT count(*) FROM orders WHERE tenant IN ('acme', 'other')")
print("orders:", cursor.fetchone()[0])
connection.commit()
connection.close()
