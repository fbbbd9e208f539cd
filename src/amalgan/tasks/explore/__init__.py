"""What the code means, and what the networks look at.

directions   ways to move a code, and their effect      occlusion   what is missed where a part is hidden
"""
