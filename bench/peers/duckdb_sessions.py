"""Sessions of a file of JSON lines, by DuckDB.

usage: duckdb_sessions.py FILE THREADS ids|gap

ids: GROUP BY user and session. gap: a silence of 30 minutes ends a session, too, as it does for clickstream. Neither knows
duplicates.
"""

import sys

import duckdb

EVENTS = """
read_json('{path}', format = 'newline_delimited', columns = {{user_id: 'bigint', session_id: 'bigint', page: 'varchar',
          action: 'varchar', duration: 'double', timestamp: 'double'}})
"""

SESSIONS = """
select count(*) filter (action = 'page_view') as views, count(*) filter (action = 'click') as clicks,
       max(timestamp + duration) - min(timestamp) as seconds
from {table} group by {ids}
"""

# A session's number, within the same ids, is how many gaps lie before it.
NUMBERED = """
(select *, sum(begins) over (partition by user_id, session_id order by timestamp) as number
 from (select *, case when timestamp - lag(timestamp + duration) over (partition by user_id, session_id order by timestamp) > 1800
                      then 1 else 0 end as begins
       from {events}))
"""

FIGURES = """
select sum(views + clicks), count(*), count(*) filter (views <= 1 and clicks = 0), avg(seconds) from ({sessions})
"""

path, threads, kind = sys.argv[1:]
events = EVENTS.format(path=path)
if kind == "ids":
    sessions = SESSIONS.format(table=events, ids="user_id, session_id")
else:
    sessions = SESSIONS.format(table=NUMBERED.format(events=events), ids="user_id, session_id, number")
database = duckdb.connect(config={"threads": int(threads)})
count, total, bounced, mean = database.execute(FIGURES.format(sessions=sessions)).fetchone()
print(f"{count} events, {total} sessions, {bounced} bounced, {mean:.3f} s in the mean")
