"""The cases of a test script: each is said as it comes and counted for the last line, "N passed, M failed"."""


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def case(self, name, good, detail=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print("%s %s%s" % ("ok  " if good else "FAIL", name, "" if good else ": %s" % (str(detail)[-3000:],)), flush=True)
        return good

    def finish(self):
        """Prints the last line; gives the exit code."""
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0
