"""What every system must keep to, checked on a small one, in words.

a system's name ─► subject: a small one, small examples ─┬─► contract: phases, losses, random numbers, model files
                                                         └─► uses: what every command does with a trained one
                                                                        └─► Finding: kept, left out, or what is wrong
"""

from amalgan.checking.findings import Finding as Finding
from amalgan.checking.findings import findings as findings
