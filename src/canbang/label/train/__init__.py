"""How the embedded labeller is made: one seeded command from the shared data to the model file and its card.

``python -m canbang.label.train ../shared OUT`` reads the labelled sets (`data`), fine-tunes a teacher (`teacher`, on
the weights that `encoder` reads), lets it label the unlabelled texts (`lesson`), trains the small student on them
(`student`) with a linear part beside it (`wide`), calibrates (`calibrate`) and writes the arrays (`pack`) and the card
(`make`, `summary`). Needs the extra ``train`` and the two packages named in `make`; nothing here runs at label time.
"""
