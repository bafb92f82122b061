"""What both Python loops do with an event: sessions and pages in dictionaries, as bench/reference/events.h does."""


class Figures:
    def __init__(self):
        self.sessions = {}
        self.pages = {}
        self.events = 0

    def add(self, event):
        self.events += 1
        ids = event["user_id"], event["session_id"]
        begin = event["timestamp"]
        end = begin + event["duration"]
        session = self.sessions.get(ids)
        if session is None:
            session = self.sessions[ids] = [begin, end, 0, 0]
        else:
            session[0] = min(session[0], begin)
            session[1] = max(session[1], end)
        if event["action"] == "page_view":
            session[2] += 1
            page = event["page"]
            self.pages[page] = self.pages.get(page, 0) + 1
        elif event["action"] == "click":
            session[3] += 1

    def print(self):
        bounced = sum(views <= 1 and clicks == 0 for _, _, views, clicks in self.sessions.values())
        seconds = sum(end - begin for begin, end, _, _ in self.sessions.values())
        print(f"{self.events} events, {len(self.sessions)} sessions, {bounced} bounced, {seconds:.0f} s, {len(self.pages)} pages")
