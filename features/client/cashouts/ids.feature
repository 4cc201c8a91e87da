@client @cashouts
Feature: A client uses the ids that it was told

  @CASH-EXT-01 @must @observed
  Rule: where the documents leave the size of ids open

    Scenario Outline: a client that <request>, and <answer>
      Given a client that <request>, and <answer>
      Then the report says whether it understands the answer

      Examples:
        | request                     | answer                          |
        | asks for a cashout's status | ids go on from 3000000001       |
        | asks for a cashout's status | ids go on from 9007199254740993 |
        | puts a cashout on hold      | ids go on from 3000000001       |
        | puts a cashout on hold      | ids go on from 9007199254740993 |
        | cancels a cashout           | ids go on from 3000000001       |
        | cancels a cashout           | ids go on from 9007199254740993 |
