-- A new epoch: nobody is running yet.
DELETE FROM node
