"""What pages are made of: one self-contained HTML file each, without scripts or requests.

page       the one template engine: every text is escaped, control characters are written out
numbers    numbers as people read them          palette    one color, shape and dash a system
axes       axes and their ticks                 plots      curves and points as SVG
pictures   sheets of examples as PNG            figures    curves, planes and maps of codes
strips     rows of pictures under a line        stored_examples  what a run left for the page
"""
