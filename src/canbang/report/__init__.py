"""The balance report: a value, and its renderings as terminal table, JSON, HTML and workbook."""
