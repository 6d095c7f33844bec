"""`canbang label` as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

from judging import Run


def archive(folder: Path) -> Path:
    path = folder / "kho.jsonl"
    rows = [{"id": str(n), "title": f"Tin số {n}", "lead": "Nội dung"} for n in range(20)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_the_cost_of_a_language_model_is_told_before_anything_is_asked(run: Run, tmp_path: Path) -> None:
    """Requests, tokens, cost and time are printed; nothing is asked (nobody listens there) and nothing is written."""
    config = tmp_path / "llm.toml"
    config.write_text(
        'url = "http://127.0.0.1:9/v1"\nmodel = "m"\nprice_in_per_1k = 1.0\nprice_out_per_1k = 2.0\n', "utf-8"
    )
    out = tmp_path / "nhan.parquet"
    words = ("label", str(archive(tmp_path)), "-o", str(out), "--labeller", f"llm:{config}", "--estimate")
    status, said, _ = run(*words)
    assert status == 0
    assert said.startswith("20 lượt hỏi (0 tin đã có câu trả lời)")
    assert "Chi phí khoảng" in said
    assert "phút" in said
    assert not out.exists()


def test_an_estimate_of_a_free_labeller_is_refused(run: Run, tmp_path: Path) -> None:
    """The embedded labeller costs nothing, and the message says which option has a price."""
    words = ("label", str(archive(tmp_path)), "-o", str(tmp_path / "n.parquet"), "--estimate")
    status, _, err = run(*words)
    assert status != 0
    assert "--estimate chỉ dùng với --labeller llm:" in err
