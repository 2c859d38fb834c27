"""What a date of a command may be. A business day is a local date of the installation."""

from datetime import date

from shared.decider import Rejected

EARLIEST = date(1900, 1, 1)


def check_happened(day: date, today: date, pointer: str) -> None:
    """Refuse a day on which nothing can have happened: before 1900, or after today."""
    if day < EARLIEST:
        raise Rejected("date_out_of_range", "The date is before 1900-01-01.", pointer)
    if day > today:
        raise Rejected("date_in_future", "The date lies in the future.", pointer)


def check_known(day: date, pointer: str) -> None:
    """Refuse a day before 1900; a day to come (a maturity, a move) is data."""
    if day < EARLIEST:
        raise Rejected("date_out_of_range", "The date is before 1900-01-01.", pointer)
