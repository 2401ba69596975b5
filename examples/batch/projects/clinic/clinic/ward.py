"""Patients, their temperature, and a nurse who looks again."""

import time

from .persistence import Persistence


class Ward:
    def __init__(self, persistence: Persistence, pause: float = 0.01) -> None:
        self.persistence = persistence
        self.pause = pause

    def note(self, patient: str, degrees: float) -> None:
        self.persistence.put_row(f"patient/{patient}", {"degrees": degrees})

    def has_fever(self, patient: str) -> bool:
        row = self.persistence.get_row(f"patient/{patient}")
        return bool(row) and row["degrees"] > 38

    def wait_for_fever(self, patient: str, looks: int) -> bool:
        for _ in range(looks):
            if self.has_fever(patient):
                return True
            time.sleep(self.pause)
        return False

    def feverish(self) -> list[str]:
        names = [key.removeprefix("patient/") for key in self.persistence.list_keys("patient/")]
        return [name for name in names if self.has_fever(name)]


async def rounds(ward: Ward, patients: list[str]) -> dict[str, bool]:
    return {patient: ward.wait_for_fever(patient, 3) for patient in patients}


async def report(ward: Ward) -> str:
    return f"fever: {', '.join(ward.feverish()) or 'nobody'}"
