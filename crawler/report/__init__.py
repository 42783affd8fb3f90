"""One HTML file of a snapshot, for people: the proof first, then what is shared, and a table of all of it.

    records -> figures -> (plots, listing) -> page        manifest -> proof -> page
               P           P      P           E                       P

`making` E is the command: it reads the snapshot and writes the file. The file asks the network for nothing, and
every name in it is somebody else's: text, never markup, never a link.
"""
