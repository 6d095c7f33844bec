"""A small demo desk behind the real server, for browsers: ``python demo_served.py HOME PORT``.

The same province with few months; everybody has one password. Hòa Trà's month is drawn and nobody judged it, auditors differ
often, the months of Suối Mây and of the press wait for a signature.
"""

from __future__ import annotations

import sys
from pathlib import Path

from canbang.cli.desk import prepare

PASSWORD = "sông Ngàn chảy qua bản Sen"
MONTHS = {"lam-van": 2, "suoi-may": 1, "bao-lam-van": 1, "hoa-tra": 1, "lung-cat": 1}
LAST = {"lam-van": "half", "bao-lam-van": "audited", "suoi-may": "audited", "hoa-tra": "drawn", "lung-cat": "signed"}


def main(home: Path, port: int) -> None:
    """Build it where it is absent, and serve."""
    prepare(home)
    from django.contrib.auth.hashers import make_password

    from canbang.desk import demo, first_run
    from canbang.desk.demo import year
    from canbang.desk.demo.wording import read
    from canbang.desk.models import Organisation, User

    first_run.migrate()
    if not Organisation.objects.exists():
        place = read("place.toml")
        for unit in place["unit"]:
            unit["months"], unit["last"] = MONTHS.get(unit["code"], 0), LAST.get(unit["code"], "none")
            unit["month"], unit["audited"] = min(unit["month"], 90), min(unit["audited"], 60)
        year._SECOND_DIFFERS = 0.6
        demo.build(place)
        User.objects.update(password=make_password(PASSWORD))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    first_run.serve("127.0.0.1", port, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
