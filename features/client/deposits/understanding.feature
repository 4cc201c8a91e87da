@client @deposits
Feature: A client takes answers as they come

  @DEP-CT-01 @must @observed
  Rule: where the documents leave the answer open

    Scenario Outline: a client that <request>, and <answer>, <reading>
      Given a client that <request>, and <answer>
      Then it is reported whether it understands the answer

      Examples:
        | request                     | answer                                  | reading |
        | creates a deposit           | it is answered 200                      | AMB-27  |
        | creates a deposit           | its answer has fields that nobody knows | AMB-26  |
        | creates a deposit           | it is answered with a page of HTML      | AMB-26  |
        | asks for a deposit's status | ids are beyond 32 bits                  | AMB-29  |
